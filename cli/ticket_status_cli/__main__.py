"""``python -m ticket_status_cli``."""

from ticket_status_cli.main import main

main()

"""Files of tickets: read in constant memory, sent in batches, resumed where they were interrupted."""

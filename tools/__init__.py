"""Tools for the engineer on call: they work on AWS as on the embedded AWS, with the credentials of the environment."""

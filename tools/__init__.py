"""Tools for engineers on call: they work on AWS and on the embedded AWS, with the environment's credentials."""

"""afscan: proves or refutes twenty NEVER rules on the files that describe a platform."""

__version__ = "0.1.0"

"""Statements of PostgreSQL's SQL, as far as they say who may do what: tokens in, :class:`~afscan.model.sql.SqlStatement` out."""

from afscan.platforms.sqlstatements.scripts import script

__all__ = ["script"]

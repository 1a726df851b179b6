"""The history as tables, for analysis over many schools: DuckDB and Parquet."""

from lifecycle.analysis.filling import fill
from lifecycle.analysis.tables import FORM, TABLES, Column, Table

__all__ = ["FORM", "TABLES", "Column", "Table", "fill"]

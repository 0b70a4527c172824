"""Files of tables, CSV and parquet, as data frames; ids as they stand there."""

import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cna_viz.data.archives import open_gzip
from cna_viz.data.own.parts import check_size
from cna_viz.errors import UsageError

MISSING: Final = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
"""Text that stands for nothing in a CSV file; ids may be any of these but the first."""
Table = Path | pd.DataFrame


def column_names(table: Table) -> list[str]:
    """Return the names of the columns of a table."""
    if isinstance(table, pd.DataFrame):
        return names(table)
    if table.suffix == ".parquet":
        return list(_parquet(table).schema.names)
    return names(_read_csv(table, nrows=0, dtype=str))


def names(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns as text."""
    return [str(name) for name in frame.columns]


def read_table(table: Table, columns: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
    """Return these columns of a table; those of ``keys`` as text, exactly as it stands there."""
    if isinstance(table, pd.DataFrame):
        frame: pd.DataFrame = table.rename(columns=str)[list(columns)]
    elif table.suffix == ".parquet":
        frame = _parquet(table).read(columns=list(columns)).to_pandas()
    else:
        missing = {name: MISSING for name in columns if name not in keys}
        text = dict.fromkeys(keys, str)
        # All columns: with `usecols`, pandas would not notice lines that are too long.
        frame = _read_csv(table, dtype=text, na_values=missing, keep_default_na=False)[list(columns)]
    return frame.assign(**{key: frame[key].astype(str) for key in keys})


def _read_csv(path: Path, **options: Any) -> pd.DataFrame:
    separator = "\t" if ".tsv" in path.suffixes else ","
    with warnings.catch_warnings(), open_gzip(path) if path.suffix == ".gz" else path.open("rb") as stream:
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines longer than the header
        found: pd.DataFrame = pd.read_csv(
            stream,
            sep=separator,
            index_col=False,
            low_memory=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            **options,
        )
    return found


def _parquet(path: Path) -> Any:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError("parquet needs pyarrow, which is not installed: pip install 'cna-viz[export]'") from None
    file = parquet.ParquetFile(path)
    declared = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
    check_size(max(declared, 8 * file.metadata.num_rows * file.metadata.num_columns), str(path))
    return file

"""Where a run keeps replies and finished work: a folder of this machine, or a database that several machines share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.jobs.journal import Journal
from lms import LanguageModels, ReplyStore, Role, RoleSettings, Store

if TYPE_CHECKING:
    from lms.shared.database import Database

EPISODES = "episodes"
"""The journal of episodes, and its folder."""
REPLIES = "replies.db"
"""The file of replies in a folder."""


@dataclass(frozen=True)
class Place:
    """A place to keep things in.

    Attributes:
        folder: for what is kept on this machine in any case.
        database: ``postgresql://...``, with its password, for what is shared; None keeps that in the folder, too.
        lease: seconds without a sign of life after which others ask for what a worker of the database was asking for.
    """

    folder: Path
    database: str | None = field(default=None, repr=False)
    lease: float = 30.0

    @classmethod
    def named(cls, name: str | Path | None, folder: Path) -> "Place":
        """What a user calls a place: a folder, or the URL of a database.

        Args:
            folder: for what is kept on this machine if ``name`` is a URL, or None.
        """
        if name is None:
            return cls(folder)
        return cls(folder, str(name)) if "://" in str(name) else cls(Path(name))

    def everywhere(self) -> "Place":
        """The same place for processes that work in other folders."""
        return replace(self, folder=self.folder.absolute())

    def open_replies(self, folder: Path | None = None) -> Store:
        """The reply store.

        Args:
            folder: for the file of replies, where there is no database; by default that of the place.

        Raises:
            RaiseError: if it cannot be opened.
        """
        if self.database is None:
            return ReplyStore((folder or self.folder) / REPLIES)
        from lms.shared.replies import SharedReplies  # noqa: PLC0415  the database's libraries are an extra

        return SharedReplies(_database(self.database), lease=self.lease)

    @contextmanager
    def open_models(self, roles: Mapping[Role, RoleSettings], *, adapting: bool) -> Iterator[LanguageModels]:
        """Models on this place's replies, for a worker; the store is closed at the end of the block.

        Args:
            adapting: whether the worker follows what the endpoints bear.
        """
        models = LanguageModels(roles, self.open_replies())
        if adapting:
            models.adapt_concurrency()
        try:
            yield models
        finally:
            models.store.close()

    def open_journal(self, name: str, folder: Path, file: str = "episodes.jsonl") -> Journal:
        """The journal of finished work.

        Args:
            name: in the database; rows are told apart by their keys, so that several commands may share one.
            folder, file: where it is without a database.

        Raises:
            RaiseError: if it cannot be opened.
        """
        if self.database is None:
            return Journal(folder, file)
        from lms.shared.rows import SharedRows  # noqa: PLC0415

        return Journal(rows=SharedRows(_database(self.database), name))


@cache
def _database(url: str) -> "Database":
    """One set of connections for a process."""
    from lms.shared.database import Database  # noqa: PLC0415

    return Database(url)

"""Who is responsible, and what was assessed when: nothing here is about a resident."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select

from facegate.adapters.store import schema
from facegate.adapters.store.audit import AuditStore
from facegate.core.assessment import Assessment, Responsible, Scope
from facegate.core.audit import Act
from facegate.core.models import Method

_PAPERS = schema.papers


class PaperStore(AuditStore):
    """What the store knows for the documents."""

    def responsible(self) -> Responsible:
        """Who is responsible; nobody is named before an owner has done so."""
        with self._read() as connection:
            content = connection.execute(select(_PAPERS.c.responsible)).scalar_one_or_none()
        return Responsible() if content is None else Responsible(**content | {"purposes": tuple(content["purposes"])})

    def assessment(self) -> Assessment | None:
        """What was assessed last."""
        with self._read() as connection:
            row = connection.execute(
                select(_PAPERS.c.assessed_at, _PAPERS.c.assessed_by, _PAPERS.c.scope)
            ).one_or_none()
        if row is None or row.assessed_at is None:
            return None
        return Assessment(row.assessed_at, row.assessed_by, Scope.of(row.scope))

    def has_opened(self) -> bool:
        """Whether any gate has opened for a resident yet, also when the record of it is erased by now."""
        done = select(schema.access.c.number).where(
            schema.access.c.kind == "opening",
            schema.access.c.result == "opened",
            schema.access.c.method != Method.REMOTE,
        )
        with self._read() as connection:
            return any(
                connection.execute(query.limit(1)).first() for query in (done, select(schema.presence.c.resident))
            )

    def set_responsible(self, actor: str, responsible: Responsible) -> None:
        """Keep who is responsible."""
        self._keep_papers(actor, responsible, self.assessment(), "who is responsible")

    def set_assessment(self, actor: str, scope: Scope) -> Assessment:
        """Keep that this was assessed by now."""
        done = Assessment(self._clock(), actor, scope)
        self._keep_papers(actor, self.responsible(), done, f"assessment {scope.fingerprint[:16]}")
        return done

    def _keep_papers(self, actor: str, responsible: Responsible, done: Assessment | None, what: str) -> None:
        with self._write() as connection:
            connection.execute(delete(_PAPERS))
            connection.execute(
                insert(_PAPERS).values(
                    only=1,
                    responsible=asdict(responsible),
                    assessed_at=done.at if done else None,
                    assessed_by=done.by if done else None,
                    scope=done.scope.content if done else None,
                )
            )
            self._add_act(connection, actor, Act.SETTINGS_CHANGED, reason=what)

"""What the client says of answers."""

from __future__ import annotations

from qa_service.asked import Judged
from qa_service.client import decode
from qa_service.client.asking import json_body
from qa_service.client.calling import Caller


class Judging(Caller):
    """The part of the client that judges answers."""

    def feedback(
        self,
        helpful: bool,
        *,
        question_id: str | None = None,
        question: str | None = None,
        collection: str = "default",
        passage_id: str | None = None,
        comment: str | None = None,
    ) -> Judged:
        """Say whether an answer helps, for the service's question log.

        Parameters:
            helpful: whether it answers the question.
            question_id: of the result; or else
            question, collection: what was asked of which collection.
            passage_id: the result that is judged; None judges the answer as a whole.
            comment: why.

        Errors:
            NotFound: the service keeps no log, or knows nothing of the question or the passage.
        """
        body = json_body(
            helpful=helpful, question_id=question_id, question=question, collection=collection,
            passage_id=passage_id, comment=comment,
        )  # fmt: skip
        return self._call(decode.judged, "POST", "/v1/feedback", content=body)

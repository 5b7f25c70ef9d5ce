"""The connector's RPCs over one engine: sessions, operations, results."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes

from ontos.warehouse import cancel, tagged
from tests.wire.engine import Answer, Engine, Refused
from tests.wire.faults import Faults
from tests.wire.results import OK, Results
from tests.wire.values import values_of

DIRECT_SECONDS = 5.0
"""How long the first answer waits for a statement; after that the client polls."""
POLL_SECONDS = 0.5
_State = ttypes.TOperationState


@dataclass
class Session:
    """`token` is who opened it."""

    schema: str
    configuration: Mapping[str, str]
    token: str


@dataclass
class Operation:
    """A statement; its thread writes `state` last, and then wakes who waits."""

    results: Results | None = None
    state: int = _State.RUNNING_STATE
    changed: int = -1
    error: str = ""
    done: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    tag: str = field(default_factory=lambda: uuid.uuid4().hex)
    """By which the embedded engine behind a server can be stopped."""

    def ends(self, state: int, error: str = "") -> None:
        """A statement that was cancelled stays so, whatever its engine makes of it."""
        if not self.cancelled.is_set():
            self.error, self.state = error, state


class Service:
    """A handler for `TCLIService.Processor`; the name of each method is that of its RPC."""

    def __init__(self, engine: Engine, faults: Faults) -> None:
        self.engine, self.faults = engine, faults
        self.direct_seconds = DIRECT_SECONDS
        self.sessions: dict[bytes, Session] = {}
        self.operations: dict[bytes, Operation] = {}
        self.most_sessions = 0
        self.running = 0
        self.most_running = 0
        self.executed: list[str] = []
        self.cancelled = 0
        self.permits: Callable[[str, str, str], None] = lambda token, sql, schema: None
        """Raises Refused where whoever holds the token may not run the statement."""
        self.asking = threading.local()
        self._one = threading.Lock()
        self.processor = TCLIService.Processor(self)

    def forget_sessions(self) -> None:
        """As a warehouse does that was stopped and started again."""
        self.sessions.clear()

    def OpenSession(self, asked: ttypes.TOpenSessionReq) -> ttypes.TOpenSessionResp:
        names = asked.initialNamespace
        session = Session(
            (names and names.schemaName) or "default", asked.configuration or {}, self.asking.token
        )
        guid = uuid.uuid4().bytes
        with self._one:
            self.sessions[guid] = session
            self.most_sessions = max(self.most_sessions, len(self.sessions))
        version = ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8
        handle = ttypes.TSessionHandle(ttypes.THandleIdentifier(guid, b""), version)
        return ttypes.TOpenSessionResp(
            status=OK, serverProtocolVersion=version, sessionHandle=handle,
            initialNamespace=names, canUseMultipleCatalogs=True,
        )  # fmt: skip

    def CloseSession(self, asked: ttypes.TCloseSessionReq) -> ttypes.TCloseSessionResp:
        gone = self.sessions.pop(asked.sessionHandle.sessionId.guid, None)
        return ttypes.TCloseSessionResp(status=OK if gone else _no_session(asked.sessionHandle))

    def ExecuteStatement(self, asked: ttypes.TExecuteStatementReq) -> ttypes.TExecuteStatementResp:
        session = self.sessions.get(asked.sessionHandle.sessionId.guid)
        if session is None:
            return ttypes.TExecuteStatementResp(status=_no_session(asked.sessionHandle))
        guid, operation = uuid.uuid4().bytes, Operation()
        self.operations[guid] = operation
        threading.Thread(target=self._work, args=(operation, asked, session), daemon=True).start()
        handle = ttypes.TOperationHandle(
            ttypes.THandleIdentifier(guid, b""), ttypes.TOperationType.EXECUTE_STATEMENT, True
        )
        return ttypes.TExecuteStatementResp(
            status=OK, operationHandle=handle, directResults=self._direct(guid, operation, asked)
        )

    def GetOperationStatus(
        self, asked: ttypes.TGetOperationStatusReq
    ) -> ttypes.TGetOperationStatusResp:
        operation = self.operations.get(asked.operationHandle.operationId.guid)
        if operation is None:
            return ttypes.TGetOperationStatusResp(status=_no_operation())
        operation.done.wait(POLL_SECONDS)
        return _status(operation)

    def GetResultSetMetadata(
        self, asked: ttypes.TGetResultSetMetadataReq
    ) -> ttypes.TGetResultSetMetadataResp:
        operation = self.operations.get(asked.operationHandle.operationId.guid)
        if operation is None or operation.results is None:
            return ttypes.TGetResultSetMetadataResp(status=_no_operation())
        return operation.results.metadata

    def FetchResults(self, asked: ttypes.TFetchResultsReq) -> ttypes.TFetchResultsResp:
        operation = self.operations.get(asked.operationHandle.operationId.guid)
        if operation is None or operation.results is None:
            return ttypes.TFetchResultsResp(status=_no_operation())
        return operation.results.fetched(asked.maxRows, asked.maxBytes)

    def CancelOperation(self, asked: ttypes.TCancelOperationReq) -> ttypes.TCancelOperationResp:
        operation = self.operations.get(asked.operationHandle.operationId.guid)
        if operation is not None and not operation.done.is_set():
            operation.cancelled.set()
            self.cancelled += 1
            operation.state = _State.CANCELED_STATE
            operation.done.set()
            cancel(operation.tag)
        return ttypes.TCancelOperationResp(status=OK)

    def CloseOperation(self, asked: ttypes.TCloseOperationReq) -> ttypes.TCloseOperationResp:
        self.operations.pop(asked.operationHandle.operationId.guid, None)
        return ttypes.TCloseOperationResp(status=OK)

    def _direct(
        self, guid: bytes, operation: Operation, asked: ttypes.TExecuteStatementReq
    ) -> ttypes.TSparkDirectResults | None:
        limits = asked.getDirectResults
        if limits is None:
            return None
        if not operation.done.wait(self.direct_seconds) or operation.results is None:
            return ttypes.TSparkDirectResults(operationStatus=_status(operation))
        rows = operation.results.fetched(limits.maxRows, limits.maxBytes, described=False)
        closed = None
        if not rows.hasMoreRows:
            self.operations.pop(guid, None)
            closed = ttypes.TCloseOperationResp(status=OK)
        return ttypes.TSparkDirectResults(
            operationStatus=_status(operation), resultSetMetadata=operation.results.metadata,
            resultSet=rows, closeOperation=closed,
        )  # fmt: skip

    def _work(
        self, operation: Operation, asked: ttypes.TExecuteStatementReq, session: Session
    ) -> None:
        with self._one:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            if self.faults.delay:
                operation.cancelled.wait(self.faults.delay)
            with tagged(operation.tag):
                if not operation.cancelled.is_set():
                    self._answer(operation, asked, session)
        finally:
            with self._one:
                self.running -= 1
            operation.done.set()

    def _answer(
        self, operation: Operation, asked: ttypes.TExecuteStatementReq, session: Session
    ) -> None:
        try:
            answer = self._run(asked.statement, values_of(asked.parameters), session)
        except (Refused, ValueError) as error:
            operation.ends(_State.ERROR_STATE, str(error))
        except Exception as error:  # the client is told, as by a warehouse that has a defect
            words = f"[INTERNAL_ERROR] {type(error).__name__}: {error} SQLSTATE: XX000"
            operation.ends(_State.ERROR_STATE, words)
        else:
            operation.changed = answer.changed
            operation.results = Results(answer.table, bool(asked.canDecompressLZ4Result))
            operation.ends(_State.FINISHED_STATE)

    def _run(self, sql: str, values: Mapping[str, Any], session: Session) -> Answer:
        self.permits(session.token, sql, session.schema)
        answer = self.engine.run(sql, values, session.schema)
        self.executed.append(sql)
        return answer


def _status(operation: Operation) -> ttypes.TGetOperationStatusResp:
    return ttypes.TGetOperationStatusResp(
        status=OK, operationState=operation.state, hasResultSet=operation.results is not None,
        errorMessage=operation.error or None, displayMessage=operation.error or None,
        numModifiedRows=operation.changed if operation.changed >= 0 else None,
    )  # fmt: skip


def _no_session(handle: ttypes.TSessionHandle) -> ttypes.TStatus:
    name = uuid.UUID(bytes=handle.sessionId.guid)
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.INVALID_HANDLE_STATUS,
        errorMessage=f"Invalid SessionHandle: SessionHandle [{name}]",
    )


def _no_operation() -> ttypes.TStatus:
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.INVALID_HANDLE_STATUS,
        errorMessage="Invalid OperationHandle: the operation was closed.",
    )

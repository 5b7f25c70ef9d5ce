"""What goes over a page's socket: whether the app still owes it a run."""

from playwright.sync_api import Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


class Traffic:
    """`owed` from the moment when a run is asked for until it has ended.

    A loaded machine may take longer to begin a run than any pause that one would like to wait, so a
    look at the page is not enough. Parts that redraw themselves by the clock do not count.
    """

    def __init__(self, page: Page) -> None:
        self.owed = self._begun = False
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        if "_stcore/stream" in socket.url:
            socket.on("framesent", self._sent)
            socket.on("framereceived", self._received)

    def _sent(self, frame: str | bytes) -> None:
        if not isinstance(frame, bytes):
            return
        message = BackMsg.FromString(frame)
        if message.HasField("rerun_script") and not message.rerun_script.is_auto_rerun:
            self.owed, self._begun = True, False

    def _received(self, frame: str | bytes) -> None:
        if not isinstance(frame, bytes):
            return
        message = ForwardMsg.FromString(frame)
        if message.HasField("new_session"):
            self._begun = True
        elif message.HasField("script_finished") and message.script_finished != EARLY:
            self.owed = self.owed and not self._begun

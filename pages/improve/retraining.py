"""What became of the training that was begun for a gap, and the way on from there."""

import streamlit as st

from ontos.deploy.stored import Endpoint
from ontos.improve.gaps import RetrainOfGap, ShownGap, retrain_gap
from ontos.kernel.caller import Caller
from pages.data.words import escaped
from pages.frame import attempt, go, link
from pages.improve.figures import ended


def draw_retraining(gap: ShownGap, endpoint: Endpoint) -> None:
    """Nothing where none was begun since something else was decided about the gap."""
    if gap.status != "retraining" or not gap.retraining_id:
        return
    job = link("train", "jobs", job=gap.retraining_id)
    if not ended(gap):
        st.markdown(f"The model is being trained again: [see how far it is]({job}).")
    elif gap.retraining_status != "succeeded":
        st.markdown(f"The training ended without a model: [see why]({job}).")
    else:
        answers = gap.retrained_version == endpoint.model_version
        then = (
            ", which answers now. Look for gaps again to see which of them it has." if answers
            else ". See whether it answers better before it is deployed."
        )  # fmt: skip
        st.markdown(f"The [retraining]({job}) made v{escaped(str(gap.retrained_version))}{then}")
        _onwards(gap, deploy=not answers)


def _onwards(gap: ShownGap, *, deploy: bool) -> None:
    """To the two versions side by side, and to where the endpoint changes its version."""
    before, after = gap.model_version, gap.retrained_version
    with st.container(horizontal=True):
        if st.button(f"Compare v{before} with v{after}", icon=":material/compare_arrows:"):
            go("train", "compare", model=gap.model_name, **{"from": before, "to": after})
        if deploy and st.button(f"Deploy v{after}", icon=":material/rocket_launch:"):
            go("deploy", "endpoints", endpoint=gap.endpoint_name, version=after)


def draw_retrain(caller: Caller, gap: ShownGap) -> None:
    """Asks before the model is trained again."""
    st.write(
        "Trains the same model again, with the same settings, on all pairs of its training sheet "
        "that are approved now. The result is a new version; nothing is deployed by itself."
    )
    if st.button("Start the training job", type="primary", key=f"once-{gap.id}-{gap.version}"):
        job = attempt(retrain_gap, caller, gap.id, RetrainOfGap(), done="Training started")
        if job:
            go("train", "jobs", job=job.id)

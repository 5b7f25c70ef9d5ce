"""How the requests of one endpoint are shared, beside who really answered them."""

import streamlit as st

from ontos.deploy.stored import Endpoint
from ontos.deploy.traffic import Traffic, TrafficChange, set_traffic
from ontos.kernel.caller import Caller
from pages.frame import attempt
from pages.tables import rows_of


def draw_traffic(caller: Caller, endpoint: Endpoint, traffic: Traffic) -> None:
    if not endpoint.traffic:
        return
    st.markdown("**Traffic**")
    shares, seen = st.columns([2, 3], gap="medium")
    with shares:
        _shares(caller, endpoint)
    with seen:
        _seen(traffic)


def _shares(caller: Caller, endpoint: Endpoint) -> None:
    if len(endpoint.traffic) < 2:
        st.caption(f"Version {endpoint.model_version} answers everything. Give another version a "
                   "share under Change version.")  # fmt: skip
        return
    with st.form("traffic", border=True):
        places = zip(st.columns(len(endpoint.traffic)), endpoint.traffic.items(), strict=True)
        given = {
            version: place.number_input(
                f"Version {version}, %", 0, 100, share, step=5,
                key=f"share-{version}-{endpoint.version}",
            )
            for place, (version, share) in places
        }  # fmt: skip
        sent = st.form_submit_button(
            "Share", icon=":material/call_split:", disabled=endpoint.status == "updating"
        )
    change = TrafficChange(traffic=given, version=endpoint.version)
    if sent and attempt(set_traffic, caller, endpoint.name, change, done="The traffic moves"):
        st.rerun()


def _seen(traffic: Traffic) -> None:
    if not traffic.answered:
        st.caption("Nobody has asked it in the last 24 hours: there is no split to see.")
        return
    wanted = {each.model_version: 0 for each in traffic.answered} | traffic.traffic
    counts = {each.model_version: each for each in traffic.answered}
    rows = [
        {
            "version": f"Version {version}" if version else "None answered", "wanted": share,
            "requests": counts[version].requests if version in counts else 0,
            "percent": counts[version].percent if version in counts else 0.0,
        }
        for version, share in wanted.items()
    ]  # fmt: skip
    bar = st.column_config.ProgressColumn("Answered, 24 h", format="%.1f %%", max_value=100)
    st.dataframe(
        rows_of(rows), hide_index=True, key="traffic-seen",
        column_order=("version", "wanted", "percent", "requests"),
        column_config={
            "version": "", "percent": bar, "requests": "Requests",
            "wanted": st.column_config.NumberColumn("Share now", format="%d %%"),
        },
    )  # fmt: skip

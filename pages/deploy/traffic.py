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
    with st.form(f"traffic-{endpoint.version}", border=True):
        shares = sorted(endpoint.traffic.items(), key=lambda each: -each[1])
        places = zip(st.columns(len(shares)), shares, strict=True)
        given = {
            version: place.number_input(
                f"Version {version}, %", 0, 100, share, step=5,
                key=f"share-{version}-{endpoint.version}",
            )
            for place, (version, share) in places
        }  # fmt: skip
        sent = st.form_submit_button(
            "Move traffic", icon=":material/call_split:", disabled=endpoint.status == "updating"
        )
    change = TrafficChange(traffic=given, version=endpoint.version)
    if sent and attempt(set_traffic, caller, endpoint.name, change, done="The traffic moves"):
        st.rerun()


def _seen(traffic: Traffic) -> None:
    if not traffic.answered:
        st.caption("Nobody has asked it in the last 24 hours: there is no split to see.")
        return
    counts = {each.model_version: each for each in traffic.answered}
    shares = dict.fromkeys(counts, 0) | traffic.traffic
    rows = [
        {
            "version": version or "None answered", "share": share,
            "requests": counts[version].requests if version in counts else 0,
            "percent": counts[version].percent if version in counts else 0.0,
        }
        for version, share in sorted(shares.items(), key=lambda each: -each[1])
    ]  # fmt: skip
    bar = st.column_config.ProgressColumn("Answered, 24 h", format="%.1f %%", max_value=100)
    st.dataframe(
        rows_of(rows), hide_index=True, key="traffic-seen",
        column_order=("version", "share", "requests", "percent"),
        column_config={
            "version": "Version", "percent": bar,
            "requests": st.column_config.NumberColumn("Requests", width=85),
            "share": st.column_config.NumberColumn("Share", format="%d %%", width=60),
        },
    )  # fmt: skip
    st.caption("Of what was asked here; metrics that another system sent in are not among them.")

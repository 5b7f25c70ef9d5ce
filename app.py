"""The application: pages, REST, MCP, health and metrics on one port."""

import streamlit as st

from ontos.doors.server import lifespan, routes

app = st.App("pages/navigation.py", routes=routes(), lifespan=lifespan)

if __name__ == "__main__":
    app.run()

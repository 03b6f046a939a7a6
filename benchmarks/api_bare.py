"""The yardstick: a FastAPI route that returns bytes, with nothing round it."""

from fastapi import FastAPI, Response

app = FastAPI(openapi_url=None)


@app.get("/bytes")
async def bytes_() -> Response:
    return Response(b'{"id":"spc_0","name":"bare"}', media_type="application/json")

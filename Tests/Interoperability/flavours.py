"""The four Python clients behind one face, so that a test is written once."""

import asyncio

import tritonclient.grpc as grpc_client
import tritonclient.grpc.aio as grpc_aio_client
import tritonclient.http as http_client
import tritonclient.http.aio as http_aio_client

FLAVOURS = ["http", "http.aio", "grpc", "grpc.aio"]
MODULES = {
    "http": http_client,
    "http.aio": http_aio_client,
    "grpc": grpc_client,
    "grpc.aio": grpc_aio_client,
}


class Flavour:
    """One client of tritonclient. Unknown attributes are its methods, made synchronous."""

    def __init__(self, name, server):
        self.name = name
        self.is_http = name.startswith("http")
        self.is_async = name.endswith(".aio")
        self.module = MODULES[name]
        url = server.http if self.is_http else server.grpc
        self.loop = asyncio.new_event_loop() if self.is_async else None
        if self.is_async:
            self.client = self.loop.run_until_complete(self.make(url))
        else:
            self.client = self.module.InferenceServerClient(url)

    async def make(self, url):
        return self.module.InferenceServerClient(url)

    def close(self):
        if self.is_async:
            self.loop.run_until_complete(self.client.close())
            self.loop.close()
        else:
            self.client.close()

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*arguments, **options):
            if not self.is_async:
                return method(*arguments, **options)
            return self.loop.run_until_complete(method(*arguments, **options))

        return call

    def read(self, name, *arguments, **options):
        """The method's answer as a dictionary, whichever protocol."""
        if not self.is_http:
            options["as_json"] = True
        return getattr(self, name)(*arguments, **options)

    def input(self, name, array, datatype, **options):
        """An input holding `array`."""
        made = self.module.InferInput(name, list(array.shape), datatype)
        made.set_data_from_numpy(array, **options)
        return made

    def output(self, name, **options):
        return self.module.InferRequestedOutput(name, **options)

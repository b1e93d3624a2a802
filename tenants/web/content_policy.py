"""The Content-Security-Policy of every page: nothing inline, nothing from elsewhere."""

STRICT = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
# The camera's pictures are decoded by WebAssembly; scripts are still the program's own alone.
OF_THE_FLOOR = f"{STRICT}; script-src 'self' 'wasm-unsafe-eval'"
# The pages of REST framework and Swagger UI bring styles of their own within them; no scripts.
OF_THE_API = f"{STRICT}; style-src 'self' 'unsafe-inline'"


class ContentPolicyMiddleware:
    """Says the policy, unless a view has said a stricter one itself."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_api = request.path_info.startswith("/api/")
        response.headers.setdefault("Content-Security-Policy", OF_THE_API if is_api else STRICT)
        return response

"""What browsers may do on a page: nothing but run and fetch what this node serves."""

from __future__ import annotations

from collections.abc import Mapping

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob: data:",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
_FEATURES = ("camera", "geolocation", "microphone", "payment", "usb", "display-capture", "accelerometer", "gyroscope")


def content_security_policy() -> str:
    """No inline script or style, nobody else's files, no frames, and no text that becomes HTML in a script."""
    return "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())


def permissions_policy(*allowed: str) -> str:
    """The browser features this page may ask a person for; all others are off."""
    return ", ".join(f"{feature}=({'self' if feature in allowed else ''})" for feature in _FEATURES)


def page_headers(*allowed: str, language: str) -> Mapping[str, str]:
    """The headers of one page; `allowed` names browser features such as `camera`."""
    return {
        "Content-Security-Policy": content_security_policy(),
        "Permissions-Policy": permissions_policy(*allowed),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
    }

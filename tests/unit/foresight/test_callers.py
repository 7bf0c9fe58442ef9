from __future__ import annotations

from tests.unit.apiserver import Json
from tests.unit.foresight.worlds import foretold, served


def webhooks(*hooks: tuple[str, str, str]) -> Json:
    """A ValidatingWebhookConfiguration of (name, Service, failurePolicy)."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "admission", "resourceVersion": "1"},
        "webhooks": [
            {
                "name": name,
                "clientConfig": {"service": {"namespace": "d", "name": service}},
                **({"failurePolicy": policy} if policy else {}),
            }
            for name, service, policy in hooks
        ],
    }


def ingress(service: str) -> Json:
    """An Ingress that leads to a Service."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": f"to-{service}", "namespace": "d", "resourceVersion": "1"},
        "spec": {"defaultBackend": backend},
    }


def test_webhooks_that_fail_stop_the_api_server() -> None:
    """FailurePolicy Fail, which is the default; Ignore lets everything through."""
    found = foretold(
        served("s", "n1"),
        served("t", "n2"),
        webhooks(("a", "s", "Fail"), ("b", "s", "Ignore"), ("c", "s", ""), ("d", "t", "Fail")),
        drained=("n1",),
    )

    assert [(str(one.key), str(one.service), one.fatal) for one in found.callers] == [
        ("validatingwebhookconfiguration/admission", "d/s", ("a", "c"))
    ]


def test_what_leads_to_a_service_that_would_be_down_is_told() -> None:
    """Those with which the API server stops come first; what leads to others is left out."""
    found = foretold(
        served("s", "n1"),
        served("t", "n1", "n2"),
        ingress("s"),
        ingress("t"),
        webhooks(("a", "s", "Fail")),
        drained=("n1",),
    )

    assert [(str(one.key), one.fatal) for one in found.callers] == [
        ("validatingwebhookconfiguration/admission", ("a",)),
        ("ingress/d/to-s", ()),
    ]

"""A simulated Kubernetes API server: real list and watch over sockets, scenarios, faults.

It shares no code with the client side: what it says is written down a second time, from the API's
own rules, so that a mistake on one side can't hide behind the same mistake on the other. It never
imports anything from the rest of the package.
"""

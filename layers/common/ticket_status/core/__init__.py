"""The rules (docs/rules.md) as pure functions of values and a clock: no AWS, no HTTP, no logging."""

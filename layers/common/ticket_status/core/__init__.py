"""The rules of the contract as pure functions of values and a clock: no AWS, no HTTP, no logging."""

"""The pages that people see in Stripe's place. Plain HTML, no scripts, each with the mark."""

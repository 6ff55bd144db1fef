"""SmartRecruiters: signed webhooks, candidate properties, messages, and its Assessment API of 2021."""

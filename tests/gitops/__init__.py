"""A home in GitOps: the GitHub Action, the GitLab include, and what agents take from a tree."""

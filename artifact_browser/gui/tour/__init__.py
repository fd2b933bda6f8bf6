"""The tour: the real window driven through the whole main job, with a picture of each step."""

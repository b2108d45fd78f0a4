"""The main job as a story: from a trademark to a customs alert, through the same parts that real users have."""

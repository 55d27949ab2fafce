"""Networks trained on ImageNet, one file each: `build()` gives a module in evaluation mode that
turns float32 [B, 3, side, side], normalised, into (features [B, D], maps [B, C, h, w]).

`features` are the pooled last feature map, `maps` a feature map of stride 16.
"""

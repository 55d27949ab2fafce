"""Networks trained on ImageNet, one file each: `build()` gives a module in evaluation mode that
turns float32 [B, 3, side, side], normalised, into (features [B, D], maps [B, C, h, w]).

`features` are the pooled last feature map, `maps` the last feature map of stride 16 (of SqueezeNet the
last but one). Of 24 scenes rendered by day and by night, the self-similarity of these maps agrees with
that of the twin more than with any other scene's, by both judges (MobileNetV2: correlation .75; with
another frame of the same drive .62; with another drive .41). At stride 32 some twins are no longer told,
at stride 8 the maps are four times as large.
"""

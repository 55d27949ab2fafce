"""Networks trained on ImageNet, one file each: `build()` gives a module in evaluation mode that
turns float32 [B, 3, side, side], normalised, into (features [B, D], maps [B, C, h, w]).

`features` are the pooled last feature map, `maps` the last feature map of stride 16 (SqueezeNet's
last but one). Of 24 scenes rendered by day and by night at 96x144, the self-similarity of these
maps agrees with the twin's more than with that of any other drive, by MobileNetV2 (correlation .75;
with another frame of the drive .62, with other drives .41) and SqueezeNet. At stride 32 that is
lost for some, and at stride 8 a self-similarity has sixteen times as many entries.
"""

"""What is to be seen in the demo's buyers' photos (photograph.py takes them).

A photo is named for its product; the tone is that of the SKU that its buyer has.
"""

from __future__ import annotations

from pathlib import Path

from commerce.reviews.demo.types import Photo

FOLDER = Path(__file__).with_name("photos")
PHOTOS: dict[str, Photo] = {
    "bottle-ink": Photo("desk", (("laptop", "silver", 12, 74, 62, 0), ("bottle", "ink", 58, 90, 112, -3))),
    "bottle-sand": Photo("outside", (("bottle", "sand", 47, 90, 104, 4),)),
    "bottle-clay": Photo("counter", (("tumbler", "clay", 78, 76, 52, 0), ("bottle", "clay", 42, 90, 104, 2))),
    "bottle-snow": Photo("parcel", (("bottle", "snow", 50, 50, 84, 34),)),
    "bottle-sky": Photo("shelf", (("bottle", "sky", 42, 76, 76, 0), ("tea-tin", "green", 66, 76, 40, 0))),
    "bottle-green": Photo("floor", (("backpack", "slate", 34, 78, 84, 0), ("bottle", "green", 74, 92, 80, -5))),
    "wide-flask-sky": Photo("counter", (("wide-flask", "sky", 48, 91, 92, 2),)),
    "wide-flask-ink": Photo("outside", (("camp-chair", "clay", 16, 72, 56, 0), ("wide-flask", "ink", 58, 91, 84, -3))),
    "wide-flask-blush": Photo("desk", (("wide-flask", "blush", 44, 88, 92, 3), ("phone", "mist", 84, 92, 44, 6))),
    "tumbler-snow": Photo("desk", (("keyboard", "snow", 30, 96, 80, 0), ("tumbler", "snow", 70, 86, 78, 2))),
    "tumbler-clay": Photo("cloth", (("tumbler", "clay", 52, 50, 84, -28),)),
    "tumbler-green": Photo("counter", (("coffee-beans", "brown", 20, 78, 56, 0), ("tumbler", "green", 60, 92, 88, -2))),
    "kettle-steel": Photo("counter", (("tumbler", "snow", 86, 84, 46, 0), ("kettle", "steel", 44, 90, 88, -2))),
    "kettle-ink": Photo("desk", (("kettle", "ink", 50, 88, 86, 2),)),
    "backpack-green": Photo("floor", (("backpack", "green", 46, 92, 98, 3), ("umbrella", "slate", 84, 92, 64, 0))),
    "towels-blush": Photo("shelf", (("towels", "blush", 48, 76, 66, 0),)),
    "desk-lamp-ink": Photo("night", (("desk-lamp", "ink", 50, 88, 96, -2),)),
    "basket-sand": Photo("floor", (("basket", "sand", 52, 90, 88, -2),)),
    "duvet-snow": Photo("cloth", (("duvet", "snow", 50, 52, 104, -6),)),
    "umbrella-clay": Photo("floor", (("umbrella", "clay", 50, 90, 96, 4),)),
    "cap-moss": Photo("hook", (("cap", "moss", 50, 36, 62, -4),)),
    "hiking-pack-rock": Photo("outside", (("hiking-pack", "rock", 48, 90, 100, 3),)),
    "suitcase-sage": Photo("floor", (("suitcase", "sage", 44, 92, 100, -2), ("shoe", "sky", 82, 95, 42, 0))),
    "tent-moss": Photo("outside", (("tent", "moss", 50, 84, 104, 1),)),
    "sleeping-bag-clay": Photo("floor", (("sleeping-bag", "clay", 50, 90, 92, -3),)),
    "camp-chair-green": Photo("outside", (("tent", "sand", 84, 66, 70, 0), ("camp-chair", "green", 40, 91, 90, -2))),
    "camp-lantern-green": Photo("night", (("camp-lantern", "green", 48, 86, 84, -2),)),
    "cookset-ink": Photo("outside", (("cookset", "ink", 50, 88, 84, 2),)),
    "headlamp-ink": Photo("parcel", (("headlamp", "ink", 50, 50, 70, -14),)),
    "hiking-boot-rock": Photo("outside", (("hiking-boot", "rock", 52, 88, 92, -3),)),
    "trekking-poles-ink": Photo("cloth", (("trekking-poles", "ink", 50, 50, 108, 30),)),
    "rain-jacket-green": Photo("hook", (("rain-jacket", "green", 52, 46, 92, 2),)),
    "shoe-ink": Photo("parcel", (("shoe", "ink", 50, 50, 82, -10),)),
    "yoga-mat-ink": Photo("floor", (("dumbbell", "ink", 84, 78, 44, 0), ("yoga-mat", "ink", 42, 92, 84, -2))),
    "headphones-ink": Photo("desk", (("headphones", "ink", 44, 86, 82, -6),)),
    "earbuds-snow": Photo("cloth", (("earbuds", "snow", 50, 50, 76, 18),)),
    "speaker-ink": Photo("night", (("speaker", "ink", 46, 86, 80, 2), ("tumbler", "snow", 82, 90, 48, 0))),
    "bookshelf-speakers-brown": Photo("shelf", (("bookshelf-speakers", "brown", 48, 77, 70, 0),)),
    "phone-clay": Photo("cloth", (("phone", "clay", 50, 50, 92, -22),)),
    "fold-phone-blush": Photo("desk", (("fold-phone", "blush", 48, 88, 80, 4),)),
    "laptop-ink": Photo("desk", (("laptop", "ink", 46, 88, 98, -1), ("mouse", "snow", 88, 95, 28, 8))),
    "keyboard-ink": Photo("desk", (("keyboard", "ink", 50, 94, 104, -3),)),
    "mouse-blush": Photo("desk", (("mouse", "blush", 50, 90, 60, 8),)),
    "monitor-silver": Photo("desk", (("monitor", "silver", 50, 84, 104, 0), ("keyboard", "snow", 46, 99, 60, 0))),
    "watch-ink": Photo("cloth", (("watch", "ink", 50, 50, 90, 14),)),
    "camera-ink": Photo("desk", (("camera", "ink", 48, 88, 88, -4),)),
    "projector-snow": Photo("night", (("projector", "snow", 50, 86, 82, 2),)),
    "power-bank-snow": Photo("cloth", (("power-bank", "snow", 40, 46, 70, -16), ("phone", "mist", 76, 58, 66, 10))),
    "charger-snow": Photo("desk", (("charger", "snow", 46, 88, 66, -4),)),
    "rice-cooker-snow": Photo("counter", (("bowls", "sky", 88, 92, 44, 0), ("rice-cooker", "snow", 44, 89, 80, 2))),
    "air-fryer-green": Photo("counter", (("air-fryer", "green", 50, 90, 88, -2),)),
    "dutch-oven-snow": Photo("counter", (("dutch-oven", "snow", 50, 88, 96, 2),)),
    "knife-steel": Photo("counter", (("knife", "steel", 48, 94, 92, -5),)),
    "bowls-sky": Photo("counter", (("bowls", "sky", 50, 90, 82, 1),)),
    "tea-set-snow": Photo("desk", (("tea-tin", "green", 84, 74, 48, 0), ("tea-set", "snow", 44, 90, 92, 0))),
    "tea-tin-green": Photo("shelf", (("tea-tin", "green", 48, 76, 70, 0),)),
    "tea-box-moss": Photo("desk", (("tea-box", "moss", 48, 88, 84, -5),)),
    "coffee-beans-brown": Photo(
        "counter", (("kettle", "ink", 84, 80, 60, 0), ("coffee-beans", "brown", 40, 90, 84, -3))
    ),
    "strawberries-red": Photo("counter", (("strawberries", "red", 50, 88, 88, 2),)),
    "honey-amber": Photo("desk", (("honey", "amber", 48, 88, 82, 2),)),
    "lipstick-red": Photo("cloth", (("lipstick", "red", 50, 50, 78, 24),)),
    "dress-ink": Photo("hook", (("dress", "ink", 50, 52, 104, -2),)),
    "toy-car-clay": Photo("floor", (("toy-car", "clay", 48, 90, 80, -4),)),
}

"""Cache of features."""

from clapless.store.features import FeatureKey, Store, StoreInfo
from clapless.store.places import default_folder

__all__ = ["FeatureKey", "Store", "StoreInfo", "default_folder"]

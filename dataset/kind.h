// What was recorded, and how long a window of it is when nobody says: one rule for all commands.
#ifndef THIMBLE_DATASET_KIND_H_
#define THIMBLE_DATASET_KIND_H_

#include <cstdint>

#include "dataset/recording.h"

namespace thimble::dataset {

/// What was recorded decides which signal processing suits it.
enum class DataKind : uint8_t { kMotion, kSound, kPictures };

/// Sound is one axis that a WAV file gave, or one of 4 kHz or more that is no acceleration. At least one recording.
DataKind KindOf(const Dataset& set);

/// Sound that comes in clips, each a word or a beat: half of them are two seconds long or shorter.
bool AreClips(const Dataset& set);

/// The window that suits: two seconds of motion or 2048 readings of it; of sound clips what 95 % of them fit in, in
/// steps of 50 ms, a second at most; a second of other sound; of pictures a whole one. Recordings may still be shorter.
double UsualWindowMs(const Dataset& set);

}  // namespace thimble::dataset

#endif  // THIMBLE_DATASET_KIND_H_

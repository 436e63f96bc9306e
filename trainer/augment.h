// Changes training rows as the world changes what sensors see, so that a network does not learn the chance of
// recordings.
#ifndef THIMBLE_TRAINER_AUGMENT_H_
#define THIMBLE_TRAINER_AUGMENT_H_

#include <cstdint>
#include <functional>
#include <span>

#include "base/error.h"
#include "base/random.h"
#include "dsp/block.h"

namespace thimble::trainer {

/// How far each change may go; it is drawn anew for every row of every epoch. 0: not at all.
struct AugmentOptions {
  // Of frames one after the other in time (spectrograms, MFCC, waveforms, windows of samples).
  float time_shift = 0;  ///< share of the window, forwards or backwards, 0 … 1; the first or last frame fills the gap
  /// Share, 0 … 0.5: everything happens faster or slower by up to so much, about the middle of the window; between two
  /// frames a straight line counts, and beyond the ends the first or last frame.
  float time_stretch = 0;
  float time_mask =
      0;  ///< share of the frames, 0 … 1: a stretch of up to so many becomes the row's mean of each channel
  float channel_mask = 0;  ///< share of the channels (frequencies), 0 … 1: neighbours up to so many become their means
  float scale = 0;         ///< all values times 1 ± this, 0 … 0.9
  float noise = 0;  ///< standard deviation of what is added to each value, in shares of the row's deviation, 0 … 10
  /// Channels in threes are x, y, z of sensors in one housing, which is turned by up to this angle about any axis; 180:
  /// every orientation is as likely. Needs channels of one unit scaled alike.
  float rotation_degrees = 0;

  // Of pictures.
  bool mirror = false;     ///< left becomes right, every second time
  float crop = 0;          ///< share of the sides, 0 … 0.5: moved by up to so much; the border fills the gap
  float zoom = 0;          ///< larger or smaller by up to this share, 0 … 0.5, width and height each for itself
  float turn_degrees = 0;  ///< turned in its plane by up to this angle, 0 … 180
  float shear = 0;         ///< rows pushed sideways, by up to this share of their distance from the middle, 0 … 0.5
  float brightness = 0;    ///< all values times 1 ± this, 0 … 0.9, and at most 1
};

/// As FitOptions::augment: changes a row in place.
using Augment = std::function<void(std::span<float> row, Random& random)>;

/// The changes for rows of this layout; an empty function when there is nothing to do. Flat features are the raw
/// window, reading by reading, when `axes` is above 0; without neighbours (0) only scale and noise make sense.
///
///   kInvalidArgument  a number out of range; a change that this layout has no room for
///
/// Sources: T. Um et al.: Data Augmentation of Wearable Sensor Data, ICMI 2017; D. Park et al.: SpecAugment, 2019.
Expected<Augment> MakeAugment(const AugmentOptions& options, const dsp::Layout& layout, int axes = 0);

/// What helps most data of this kind and hurts none that was tried: waveforms move and turn a little, frames of sound
/// move and lose stretches of time and pitch, pictures move, turn and slant. Networks of thousands of `parameters` get
/// more of it from sound: they would learn voices by heart, where small ones are busy with the words. Channels in
/// threes are sensors only when `is_motion`.
AugmentOptions DefaultAugment(const dsp::Layout& layout, bool is_motion, int64_t parameters = 0);

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_AUGMENT_H_

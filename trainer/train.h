// Features and labels become a network: one function, its options, and what it tells on the way.
#ifndef THIMBLE_TRAINER_TRAIN_H_
#define THIMBLE_TRAINER_TRAIN_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "trainer/network.h"
#include "trainer/table.h"

namespace thimble::trainer {

struct TrainOptions {
  std::vector<int> hidden = {20, 10};  ///< units of the hidden layers, each followed by ReLU
  int epochs = 100;
  int least_steps = 3000;  ///< a small table gets more epochs, until there are so many batches
  int batch_rows = 32;
  float learning_rate = 0.002f;  ///< of Adam at the start; falls to 0 along half a cosine
  float weight_decay = 0;        ///< decoupled (AdamW): a step shrinks each weight by learning rate × this
  /// Share of each hidden layer's outputs silenced in a training step, 0 … 0.9. A classifier's only: it would pull a
  /// regressor's numbers towards their mean.
  float dropout = 0.1f;
  float input_noise = 0;        ///< standard deviation of noise added to standardised features in training
  float label_smoothing = 0;    ///< share of a label's weight spread over all classes, 0 … 0.5
  bool balance_classes = true;  ///< rare labels weigh more in the loss, so that each label counts the same
  /// Of each label's recordings, set aside to choose the best epoch; 0: all train, and the last epoch is taken.
  float validation_fraction = 0.2f;
  int patience_epochs = 0;  ///< stop after so many epochs without one as good as the best; 0: never
  uint64_t seed = 1;
};

/// How training stands after an epoch. Scores: share of rows right for a classifier, mean absolute error for a
/// regressor.
struct Epoch {
  int number = 0;  ///< 1 … count
  int count = 0;   ///< of epochs that there will be, unless something stops training
  float training_loss = 0;
  float training_score = 0;
  float validation_loss = 0;   ///< NaN without validation rows
  float validation_score = 0;  ///< NaN without validation rows
  bool best = false;           ///< as good as any so far: half a point of accuracy or 2 % of error do not count
};

/// Called after every epoch. False: stop here, keep the best so far.
using ProgressCallback = std::function<bool(const Epoch&)>;

struct TrainResult {
  Network network;           ///< of the best epoch
  std::vector<Epoch> curve;  ///< every epoch that was run
  int best_epoch = 0;
  bool stopped_by_caller = false;
  Split split;  ///< which rows trained and which ones chose
};

/// Trains a dense network: softmax and cross-entropy on `table.labels`, or mean squared error on `table.targets`.
///
/// Features are standardised with the training rows' mean and deviation, which the first layer takes in at the end:
/// the network returned wants features as they are in `table`. `class_count` 0 means the highest label + 1.
/// One thread, own random generator: the same table, options and machine give the same bits.
///
///   kInvalidArgument  table or options that cannot be learnt from
///   kFailed           the loss became NaN or infinite (the learning rate is too high)
Expected<TrainResult> Train(const Table& table, const TrainOptions& options, int class_count = 0,
                            const ProgressCallback& progress = {});

}  // namespace thimble::trainer

#endif  // THIMBLE_TRAINER_TRAIN_H_

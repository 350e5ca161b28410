#include "model/train_options.h"

#include <array>
#include <cstdint>

#include "model/arguments.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kUsage =
    R"(usage: insitu-train --data FOLDER --cases LIST.txt [--out FILE.onnx] [flags]

  --data FOLDER    patches as CASE/LABEL/…_classLABEL.png, the layout of the public IDC release
  --cases LIST     the cases to train on, one id a line
  --out FILE       the model to write; without it, only the hold-out by case is done
  --folds N        parts of the hold-out
  --seed N         of every random choice
  --threads N      of libtorch; another number gives other last digits
  --id, --version  what the model calls itself
  --commit HASH    the source it is trained from, for its metadata
  --source TEXT    the data it is trained on, for its metadata

How it is trained; model/README.md says what the folds said of each:
  --epochs N, --steps N              the length of training, and of an epoch in batches of 64
  --learning-rate, --weight-decay    of AdamW
  --dropout, --average               the share dropped; decay a step of the weights' running mean
  --batch-norm 0 or 1                in training only; the file has it folded into the convolutions
  --stain-scale, --stain-shift, --brightness, --zoom, --shift, --turn    augmentation (augment.h)
  --case-power     0 draws from all cases alike, 1 from all patches alike
  --mixup          each patch is mixed with up to this much of another
  --smoothing      of the labels
  --conv1-side, --conv1-filters, --pool1, --conv2-side, --conv2-filters, --pool2, --dense    sizes
)";

struct NumberFlag {
  std::string_view name;
  double* value;
  double least, most;
};

struct WholeFlag {
  std::string_view name;
  int* value;
  int least, most;
};

std::vector<NumberFlag> NumberFlags(TrainingSettings* t) {
  return {{"learning-rate", &t->optimizer.learning_rate, 1e-6, 1},
          {"weight-decay", &t->optimizer.weight_decay, 0, 10},
          {"dropout", &t->optimizer.dropout, 0, 0.95},
          {"average", &t->optimizer.average, 0, 0.99999},
          {"stain-scale", &t->augmentation.stain_scale, 0, 1},
          {"stain-shift", &t->augmentation.stain_shift, 0, 1},
          {"brightness", &t->augmentation.brightness, 0, 0.9},
          {"zoom", &t->augmentation.zoom, 0, 1},
          {"shift", &t->augmentation.shift, 0, 25},
          {"turn", &t->augmentation.turn, 0, 180},
          {"case-power", &t->case_power, 0, 1},
          {"mixup", &t->mixup, 0, 1},
          {"smoothing", &t->label_smoothing, 0, 0.5}};
}

std::vector<WholeFlag> WholeFlags(TrainingSettings* t) {
  return {{"epochs", &t->epochs, 1, 10'000},
          {"steps", &t->steps, 1, 1'000'000},
          {"threads", &t->threads, 1, 256},
          {"batch-norm", &t->optimizer.batch_norm, 0, 1},
          {"conv1-side", &t->shape.conv1_side, 1, 15},
          {"conv1-filters", &t->shape.conv1_filters, 1, 512},
          {"pool1", &t->shape.pool1, 1, 16},
          {"conv2-side", &t->shape.conv2_side, 1, 15},
          {"conv2-filters", &t->shape.conv2_filters, 1, 512},
          {"pool2", &t->shape.pool2, 1, 50},
          {"dense", &t->shape.dense, 1, 4096}};
}

Error Usage(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Status ReadSettings(const Arguments& arguments, TrainingSettings* training) {
  for (const WholeFlag& flag : WholeFlags(training)) {
    ASSIGN_OR_RETURN(const int64_t value,
                     arguments.Integer(flag.name, *flag.value, flag.least, flag.most));
    *flag.value = static_cast<int>(value);
  }
  for (const NumberFlag& flag : NumberFlags(training)) {
    ASSIGN_OR_RETURN(*flag.value, arguments.Number(flag.name, *flag.value, flag.least, flag.most));
  }
  if (training->shape.side2() < 1) {
    return Usage(
        "The network's convolutions and pools leave nothing of 50 pixels; make them less.");
  }
  return {};
}

}  // namespace

std::string_view TrainUsage() { return kUsage; }

Result<TrainOptions> ReadTrainOptions(const std::vector<std::string>& words) {
  TrainOptions options;
  std::vector<Flag> flags;
  for (const std::string_view name :
       {"data", "cases", "out", "folds", "seed", "id", "version", "commit", "source"}) {
    flags.push_back({name, true});
  }
  for (const auto& flag : WholeFlags(&options.training)) flags.push_back({flag.name, true});
  for (const auto& flag : NumberFlags(&options.training)) flags.push_back({flag.name, true});
  ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(words, flags));
  for (const char* needed : {"data", "cases"}) {
    if (!arguments.Has(needed)) return Usage(StrCat("The flag --", needed, " is needed."));
  }
  if (!arguments.positional().empty()) {
    return Usage(StrCat("The argument ", arguments.positional()[0], " is not understood."));
  }
  options.data = arguments.Text("data");
  options.list = arguments.Text("cases");
  options.out = arguments.Text("out");
  options.id = arguments.Text("id", "seed");
  options.version = arguments.Text("version", "1.0.0");
  options.commit = arguments.Text("commit", "unknown");
  options.source = arguments.Text("source", "unnamed data");
  ASSIGN_OR_RETURN(const int64_t folds, arguments.Integer("folds", 3, 2, 1'000));
  ASSIGN_OR_RETURN(const int64_t seed, arguments.Integer("seed", 1, 0, INT64_MAX));
  options.folds = static_cast<size_t>(folds);
  options.training.seed = static_cast<uint64_t>(seed);
  RETURN_IF_ERROR(ReadSettings(arguments, &options.training));
  return options;
}

}  // namespace insitu

#include "model/train_options.h"

#include "model/arguments.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::string_view kUsage =
    R"(usage: insitu-train --config FILE.toml --data FOLDER --cases LIST.txt [--out FILE.onnx] [flags]

  --config FILE    the model: what it is, its network, how it is trained (model/*.toml)
  --data FOLDER    patches as CASE/LABEL/…_classLABEL.png, the layout of the public IDC release
  --cases LIST     the cases to train on and to hold out in turn, one id a line
  --out FILE       the model to write; without it, only the hold-out by case is done
  --more LIST      cases that every fit trains on as well and that are never held out
  --counts FILE    lines of case,negatives,positives, after a heading: how many patches each case has
                   in the source; calibration and thresholds are then for the source, by case
  --set SETTINGS   settings instead of the file's: 'folds = 2, training.epochs = 3'
  --checkpoint FOLDER    keeps each fit there as it goes, and goes on from what is there
  --only N         one fit alone, into the checkpoint: a fold from 1, or 0 for the final one, so that
                   several can run at a time
  --commit HASH    the source it is trained from, for its metadata
  --source TEXT    the data it is trained on, for its metadata
)";

Error Usage(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

}  // namespace

std::string_view TrainUsage() { return kUsage; }

Result<TrainOptions> ReadTrainOptions(const std::vector<std::string>& words) {
  std::vector<Flag> flags;
  for (const std::string_view name : {"config", "data", "cases", "out", "more", "counts", "set",
                                      "checkpoint", "only", "commit", "source"}) {
    flags.push_back({name, true});
  }
  ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(words, flags));
  for (const char* needed : {"config", "data", "cases"}) {
    if (!arguments.Has(needed)) return Usage(StrCat("The flag --", needed, " is needed."));
  }
  if (!arguments.positional().empty()) {
    return Usage(StrCat("The argument ", arguments.positional()[0], " is not understood."));
  }
  TrainOptions options;
  ASSIGN_OR_RETURN(options.config,
                   ReadModelConfig(arguments.Text("config"), arguments.Text("set")));
  options.data = arguments.Text("data");
  options.list = arguments.Text("cases");
  options.more = arguments.Text("more");
  options.counts = arguments.Text("counts");
  options.out = arguments.Text("out");
  options.checkpoint = arguments.Text("checkpoint");
  options.commit = arguments.Text("commit", "unknown");
  options.source = arguments.Text("source", "unnamed data");
  if (arguments.Has("only")) {
    const auto folds = static_cast<int64_t>(options.config.folds);
    ASSIGN_OR_RETURN(options.only, arguments.Integer("only", -1, 0, folds));
    if (options.checkpoint.empty()) return Usage("The flag --only needs --checkpoint.");
  }
  return options;
}

}  // namespace insitu

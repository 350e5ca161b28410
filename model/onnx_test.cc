#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <system_error>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "shared/limits.h"
#include "shared/network/network.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

// Those of ONNX's own test runner, but for results near zero, where float32 has no 1e-7 to give.
constexpr double kRelativeTolerance = 1e-3;
constexpr double kAbsoluteTolerance = 1e-6;

constexpr size_t kMaxTensorBytes = size_t{1} << 30;

using NamedTensor = std::pair<std::string, Tensor>;

struct Comparison {
  bool equal = true;
  double max_error = 0;
};

struct Verdict {
  enum Kind { kPass, kFail, kUnsupported } kind = kPass;
  double max_error = 0;
  std::string reason;
};

Error Broken(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// input_0.pb, input_1.pb, … for as long as they exist.
Result<std::vector<NamedTensor>> ReadTensors(const fs::path& folder, const char* kind) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0;; ++i) {
    const fs::path path = folder / StrCat(kind, "_", i, ".pb");
    if (!fs::exists(path)) return tensors;
    ASSIGN_OR_RETURN(const auto bytes,
                     ReadFile(path.string(), kMaxTensorBytes, ErrorCode::kModelUnsupported));
    ASSIGN_OR_RETURN(NamedTensor tensor, ReadOnnxTensor(bytes));
    tensors.push_back(std::move(tensor));
  }
}

Result<std::vector<fs::path>> DataSets(const fs::path& folder) {
  std::vector<fs::path> sets;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("test_data_set_")) sets.push_back(entry.path());
  }
  if (sets.empty()) return Broken("it has no test_data_set_*");
  std::sort(sets.begin(), sets.end());
  return sets;
}

double ElementAt(const Tensor& tensor, size_t i) {
  return tensor.type == DataType::kFloat ? double{tensor.floats[i]}
                                         : static_cast<double>(tensor.ints[i]);
}

void CompareElement(double actual, double expected, Comparison* result) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return;
  const double error = std::abs(actual - expected);
  if (!std::isfinite(error)) {
    *result = {false, std::numeric_limits<double>::infinity()};
    return;
  }
  result->max_error = std::max(result->max_error, error);
  if (error > kAbsoluteTolerance + kRelativeTolerance * std::abs(expected)) result->equal = false;
}

Result<Comparison> Compare(const Tensor& actual, const Tensor& expected) {
  if (actual.shape != expected.shape) {
    return Broken(StrCat("the output is ", ShapeText(actual.shape), " instead of ",
                         ShapeText(expected.shape)));
  }
  Comparison result;
  for (size_t i = 0; i < static_cast<size_t>(ElementCount(expected.shape)); ++i) {
    CompareElement(ElementAt(actual, i), ElementAt(expected, i), &result);
  }
  return result;
}

// Gives the graph's inputs, in its order, the names under which the plan knows them.
Result<PlanOptions> OptionsFor(const OnnxModel& model, const std::vector<NamedTensor>& inputs) {
  if (inputs.size() > model.inputs.size()) {
    return Broken(
        StrCat("there are ", inputs.size(), " inputs for a graph of ", model.inputs.size()));
  }
  PlanOptions options;
  for (size_t i = 0; i < inputs.size(); ++i) {
    options.given_inputs.push_back(
        {std::string(model.names.text(model.inputs[i].name)), inputs[i].second});
  }
  return options;
}

Result<std::vector<Tensor>> RunNetwork(Network* network, const PlanOptions& options) {
  std::vector<std::span<const float>> inputs;
  for (const PlannedEnd& input : network->inputs()) {
    const auto given = std::find_if(
        options.given_inputs.begin(), options.given_inputs.end(),
        [&](const GivenInput& candidate) { return candidate.name == network->NameOf(input); });
    if (given == options.given_inputs.end()) return Broken("an input has no value");
    inputs.push_back(given->value.floats);
  }
  std::vector<Tensor> results;
  bool all_known = true;
  for (const PlannedEnd& output : network->outputs()) {
    const Tensor* known = output.place.constant;
    all_known = all_known && known != nullptr;
    results.push_back(known != nullptr ? *known : Tensor{DataType::kFloat, output.shape, {}, {}});
    results.back().shape = output.shape;
    results.back().floats.resize(static_cast<size_t>(ElementCount(output.shape)));
  }
  if (all_known) return results;
  for (const Tensor& result : results) {
    if (result.type == DataType::kInt64) {
      return Error{ErrorCode::kModelUnsupported, "whole-number outputs beside computed ones"};
    }
  }
  std::vector<std::span<float>> outputs;
  outputs.reserve(results.size());
  for (Tensor& result : results) outputs.push_back(result.floats);
  RETURN_IF_ERROR(network->Run(1, inputs, outputs));
  return results;
}

Result<Comparison> RunDataSet(const std::vector<uint8_t>& file, const fs::path& data) {
  ASSIGN_OR_RETURN(OnnxModel model, ReadOnnx(file));
  ASSIGN_OR_RETURN(const auto inputs, ReadTensors(data, "input"));
  ASSIGN_OR_RETURN(const PlanOptions options, OptionsFor(model, inputs));
  ASSIGN_OR_RETURN(Network network, Network::Create(std::move(model), options));
  ASSIGN_OR_RETURN(const auto expected, ReadTensors(data, "output"));
  if (expected.empty()) return Broken("it has no expected output");
  ASSIGN_OR_RETURN(const std::vector<Tensor> results, RunNetwork(&network, options));
  if (results.size() < expected.size()) return Broken("it has fewer outputs than expected");
  Comparison all;
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSIGN_OR_RETURN(const Comparison one, Compare(results[i], expected[i].second));
    all.equal = all.equal && one.equal;
    all.max_error = std::max(all.max_error, one.max_error);
  }
  return all;
}

Result<Comparison> RunFolder(const fs::path& folder) {
  ASSIGN_OR_RETURN(const auto file, ReadFile((folder / "model.onnx").string(), kMaxModelBytes,
                                             ErrorCode::kModelUnsupported));
  ASSIGN_OR_RETURN(const std::vector<fs::path> data_sets, DataSets(folder));
  Comparison all;
  for (const fs::path& data : data_sets) {
    ASSIGN_OR_RETURN(const Comparison one, RunDataSet(file, data));
    all.equal = all.equal && one.equal;
    all.max_error = std::max(all.max_error, one.max_error);
  }
  return all;
}

Verdict Judge(const fs::path& folder) {
  const Result<Comparison> result = RunFolder(folder);
  if (result.ok()) {
    return {result.value().equal ? Verdict::kPass : Verdict::kFail, result.value().max_error, ""};
  }
  const Error& error = result.error();
  const bool unsupported = error.code == ErrorCode::kModelUnsupported;
  return {unsupported ? Verdict::kUnsupported : Verdict::kFail, 0, error.message};
}

std::string Line(const std::string& name, const Verdict& verdict) {
  constexpr const char* kNames[] = {"pass", "fail", "unsupported"};
  std::ostringstream line;
  line << kNames[verdict.kind] << " " << name;
  if (!verdict.reason.empty()) {
    line << ": " << verdict.reason;
  } else {
    line << ", maximum error " << std::setprecision(3) << verdict.max_error;
  }
  return line.str();
}

}  // namespace

int RunOnnxTest(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  if (arguments.value().positional().empty()) return UsageError("onnx-test needs a folder.", err);
  size_t counts[3] = {};
  for (const std::string& folder : arguments.value().positional()) {
    const Verdict verdict = Judge(folder);
    ++counts[verdict.kind];
    // A trailing slash leaves no file name.
    const fs::path path = fs::path(folder).lexically_normal();
    const fs::path name = path.has_filename() ? path.filename() : path.parent_path().filename();
    out << Line(name.string(), verdict) << std::endl;
  }
  out << counts[Verdict::kPass] << " pass, " << counts[Verdict::kFail] << " fail, "
      << counts[Verdict::kUnsupported] << " unsupported\n";
  return counts[Verdict::kFail] == 0 ? kExitOk : kExitFailure;
}

}  // namespace insitu

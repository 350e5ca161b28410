#include <ostream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/shrink.h"
#include "shared/limits.h"

namespace insitu {
namespace {

constexpr int kBits = 8;

Status Shrink(const std::string& from, const std::string& to, int bits) {
  auto bytes = ReadFile(from, kMaxModelBytes, ErrorCode::kModelUnsupported);
  if (!bytes.ok()) return Located(from, bytes.error());
  const auto shrunk = Shrunk(std::move(bytes.value()), bits);
  if (!shrunk.ok()) return Located(from, shrunk.error());
  return WriteFile(to, shrunk.value());
}

}  // namespace

int RunShrink(const Words& words, std::ostream& out, std::ostream& err) {
  const auto parsed = Arguments::Parse(words, {{"bits", true}});
  if (!parsed.ok()) return UsageError(parsed.error().message, err);
  const auto& files = parsed.value().positional();
  if (files.size() != 2) return UsageError("shrink needs MODEL and OUT.", err);
  const auto bits = parsed.value().Integer("bits", kBits, kLeastShrinkBits, kMostShrinkBits);
  if (!bits.ok()) return UsageError(bits.error().message, err);
  const Status done = Shrink(files[0], files[1], static_cast<int>(bits.value()));
  if (!done.ok()) return Failure(done.error(), err);
  out << files[1] << ": weights rounded to " << bits.value() << " bits\n";
  return kExitOk;
}

}  // namespace insitu

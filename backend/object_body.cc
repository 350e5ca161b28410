#include "backend/object_body.h"

#include <algorithm>
#include <utility>

namespace insitu {
namespace {

// Fills `out`, or as much of it as the file has left.
Result<size_t> ReadWhole(BodyFile* file, std::span<char> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    ASSIGN_OR_RETURN(const size_t count, file->Read(out.subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

class SealedBody final : public BodySource {
 public:
  SealedBody(BodyOpener opener, std::shared_ptr<BodyFile> file)
      : opener_(std::move(opener)),
        file_(std::move(file)),
        sealed_left_(file_->bytes() - kSealedHeaderBytes) {}

  uint64_t size() const override { return static_cast<uint64_t>(PlainSize(file_->bytes())); }

  Result<size_t> Read(std::span<char> out) override {
    while (given_ == plain_.size()) {
      if (broken_) return Broken();
      if (sealed_left_ == 0) return size_t{0};
      RETURN_IF_ERROR(NextChunk());
    }
    const size_t count = std::min(out.size(), plain_.size() - given_);
    std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(given_), count, out.begin());
    given_ += count;
    return count;
  }

 private:
  static Failed Broken() {
    return Fail(ErrorCode::kInvalidArgument, "A kept body was changed or cut on the disk.");
  }

  Status NextChunk() {
    const int64_t size = std::min<int64_t>(sealed_left_, kSealedChunkBytes + kGcmTagBytes);
    std::string sealed(static_cast<size_t>(size), '\0');
    ASSIGN_OR_RETURN(const size_t read, ReadWhole(file_.get(), sealed));
    sealed_left_ -= size;
    std::optional<std::string> plain;
    if (read == sealed.size()) plain = opener_.Open(sealed, sealed_left_ == 0);
    if (!plain) {
      broken_ = true;
      return Broken();
    }
    plain_ = std::move(*plain);
    given_ = 0;
    return {};
  }

  BodyOpener opener_;
  const std::shared_ptr<BodyFile> file_;
  int64_t sealed_left_;
  std::string plain_;  // of one chunk
  size_t given_ = 0;   // of it
  bool broken_ = false;
};

}  // namespace

std::shared_ptr<BodySource> OpenSealedBody(const KeyFile& keys, const ObjectPart& part,
                                           std::shared_ptr<BodyFile> file) {
  std::string header(static_cast<size_t>(kSealedHeaderBytes), '\0');
  const Result<size_t> read = ReadWhole(file.get(), header);
  if (!read.ok() || read.value() != header.size() || PlainSize(file->bytes()) < 0) return nullptr;
  std::optional<BodyOpener> opener = BodyOpener::Make(keys, part, header);
  if (!opener) return nullptr;
  return std::make_shared<SealedBody>(std::move(*opener), std::move(file));
}

}  // namespace insitu

// Where an evaluation of many images keeps what it has read: one file, a line an image, written as
// it goes, so that a run which was ended goes on where it stopped. What is computed of the answers
// (thresholds, intervals) is not kept: a checkpoint serves any of that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/json.h"
#include "shared/result.h"

namespace insitu {

// A patch takes some 190 bytes, so this is five times the public IDC release's 277,524.
inline constexpr size_t kMaxCheckpointBytes = size_t{256} << 20;

// Objects and lists in one another in a line, itself among them; an answer has four. Bounds the
// stack that copying and comparing take.
inline constexpr int kMaxCheckpointDepth = 16;

// All that the answers depend on beside the images' bytes, the program and the machine.
struct CheckpointSubject {
  std::string command;       // "evaluate"
  std::string model_sha256;  // of its file
  std::string items;         // text that tells apart one list of images from any other
};

// An image to read, by its place in the list.
struct CheckpointItem {
  size_t index = 0;
  std::string file;                // from the data's folder on, for people
  std::span<const uint8_t> bytes;  // of the file: an answer is for these only
};

class EvaluationCheckpoint {
 public:
  // Goes on with the file, or makes it where there is none. A last line that was cut off is taken
  // away. path: "" keeps nothing. limit: of the file, for a test. Errors: kInvalidArgument for a
  // file that cannot be read or written, is no checkpoint, is of another subject, is damaged, or
  // has more than `limit` bytes; the file is left as it was.
  static Result<EvaluationCheckpoint> Open(const std::string& path,
                                           const CheckpointSubject& subject,
                                           size_t limit = kMaxCheckpointBytes);

  // What such a file's text holds. Has no file: Keep keeps nothing. Errors: kInvalidArgument, as
  // for Open, without the file's name.
  static Result<EvaluationCheckpoint> Parse(std::string_view text,
                                            const CheckpointSubject& subject);

  // How many images have an answer kept.
  size_t kept() const { return kept_.size(); }

  // The answer that is kept of the image; nullptr without one. Errors: kInvalidArgument when the
  // image is another one by now.
  Result<const Json*> Find(const CheckpointItem& item) const;

  // Writes the image's answer down. Errors: kInvalidArgument when the file cannot be written, or
  // would grow beyond its limit.
  Status Keep(const CheckpointItem& item, const Json& answer);

  // What to say of an answer that is not of the form that Keep was given.
  Error Unusable(const CheckpointItem& item) const;

 private:
  struct Kept {
    std::string sha256;
    Json answer;
  };

  EvaluationCheckpoint() = default;

  Status ReadLines(std::string_view text, const CheckpointSubject& subject);
  bool ReadLine(std::string_view line);
  Status Append(const std::string& line);

  std::string path_;
  size_t limit_ = 0;
  size_t size_ = 0;  // of the file, without a line that was cut off
  std::ofstream file_;
  std::map<size_t, Kept> kept_;
};

}  // namespace insitu

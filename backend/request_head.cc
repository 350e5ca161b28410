#include "backend/request_head.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "backend/limits.h"
#include "backend/percent.h"

namespace insitu {
namespace {

constexpr std::string_view kCrLf = "\r\n";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return IsLetter(c) || IsDigit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

// Visible characters, spaces, tabs and bytes beyond ASCII: no control character.
bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool IsHost(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:[]%!$&'()*+,;=";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsLetter(c) || IsDigit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The path of a target in its origin form, its absolute form or as "*"; and its query.
std::optional<std::string> PathOfTarget(std::string_view method, std::string_view target,
                                        std::string* query) {
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) {
    *query = target.substr(mark + 1);
    target = target.substr(0, mark);
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find('/'), target.size());
    if (end == 0 || !IsHost(target.substr(0, end))) return std::nullopt;
    target.remove_prefix(end);
    if (!target.starts_with('/')) return "/";
  }
  if (method == "CONNECT" || (method == "OPTIONS" && target == "*")) return "*";
  if (!target.starts_with('/')) return std::nullopt;
  return DecodePercent(target, PlusIs::kPlus);
}

std::optional<Refusal> ParseRequestLine(std::string_view line, Request* request,
                                        std::string_view* version) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Refusal{400};
  request->method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  *version = line.substr(last + 1);
  if (!IsToken(request->method)) return Refusal{400};
  if (target.size() > kMaxRequestTargetBytes) return Refusal{414};
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!visible || target.empty()) return Refusal{400};
  const bool http = version->size() == 8 && version->starts_with("HTTP/") &&
                    IsDigit((*version)[5]) && (*version)[6] == '.' && IsDigit((*version)[7]);
  if (!http) return Refusal{400};
  if (*version != "HTTP/1.1" && *version != "HTTP/1.0") return Refusal{505};
  std::optional<std::string> path = PathOfTarget(request->method, target, &request->query);
  if (!path) return Refusal{400};
  request->path = *std::move(path);
  return std::nullopt;
}

std::optional<Refusal> ParseHeaderLine(std::string_view line, Request* request) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refusal{400};
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (!IsToken(name) || !IsFieldValue(value)) return Refusal{400};
  if (request->headers.size() == kMaxRequestHeaders) return Refusal{431};
  request->headers.push_back({std::string(name), std::string(value)});
  return std::nullopt;
}

// All values of one header, line by line.
std::vector<std::string_view> Values(const Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Header& header : request.headers) {
    if (EqualsIgnoringCase(header.name, name)) values.push_back(header.value);
  }
  return values;
}

std::optional<Refusal> CheckHost(const Request& request, bool http_1_0) {
  const std::vector<std::string_view> hosts = Values(request, "Host");
  if (hosts.size() > 1 || (hosts.empty() && !http_1_0)) return Refusal{400};
  if (!hosts.empty() && !IsHost(hosts[0])) return Refusal{400};
  return std::nullopt;
}

// Where the body ends must be said once and in one way (RFC 9112, section 6.3).
std::optional<Refusal> ParseBodyLength(bool http_1_0, Request* request) {
  const std::vector<std::string_view> lengths = Values(*request, "Content-Length");
  const std::vector<std::string_view> codings = Values(*request, "Transfer-Encoding");
  if (!codings.empty()) {
    if (!lengths.empty() || codings.size() > 1 || http_1_0) return Refusal{400};
    if (!EqualsIgnoringCase(codings[0], "chunked")) return Refusal{501};
    request->body_bytes = std::nullopt;
    return std::nullopt;
  }
  if (lengths.empty()) return std::nullopt;
  constexpr size_t kMaxDigits = 18;  // fits 64 bits
  const std::string_view digits = lengths[0];
  if (lengths.size() > 1 || digits.empty() || digits.size() > kMaxDigits ||
      !std::all_of(digits.begin(), digits.end(), IsDigit)) {
    return Refusal{400};
  }
  request->body_bytes = std::stoull(std::string(digits));
  return std::nullopt;
}

// RFC 9110, section 10.1.1: in HTTP/1.0 an expectation is ignored.
std::optional<Refusal> ParseExpectation(bool http_1_0, Request* request) {
  const std::vector<std::string_view> expectations = Values(*request, "Expect");
  if (expectations.empty() || http_1_0) return std::nullopt;
  if (expectations.size() > 1 || !EqualsIgnoringCase(expectations[0], "100-continue")) {
    return Refusal{417};
  }
  request->expects_continue = true;
  return std::nullopt;
}

bool KeepsAlive(const Request& request) {
  for (std::string_view rest : Values(request, "Connection")) {
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      if (EqualsIgnoringCase(Trim(rest.substr(0, comma)), "close")) return false;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return true;
}

}  // namespace

HeadState FindHeadEnd(std::string_view bytes, size_t* length) {
  const std::string_view head = bytes.substr(0, kMaxRequestHeadBytes);
  size_t line = 0;
  for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', line)) {
    if (at == line || head[at - 1] != '\r') return HeadState::kMalformed;
    if (at - line == 1 && line > 0) {
      *length = at + 1;
      return HeadState::kComplete;
    }
    line = at + 1;
  }
  return bytes.size() >= kMaxRequestHeadBytes ? HeadState::kTooLong : HeadState::kIncomplete;
}

Refusal RefuseLongHead(std::string_view bytes) {
  return Refusal{bytes.find('\n') == std::string_view::npos ? 414 : 431};
}

std::variant<Request, Refusal> ParseRequestHead(std::string_view head) {
  Request request;
  std::string_view version;
  size_t line_end = head.find(kCrLf);
  if (line_end == std::string_view::npos) return Refusal{400};
  if (auto refusal = ParseRequestLine(head.substr(0, line_end), &request, &version)) {
    return *refusal;
  }
  head.remove_prefix(line_end + kCrLf.size());
  for (line_end = head.find(kCrLf); line_end != 0; line_end = head.find(kCrLf)) {
    if (line_end == std::string_view::npos) return Refusal{400};
    if (auto refusal = ParseHeaderLine(head.substr(0, line_end), &request)) return *refusal;
    head.remove_prefix(line_end + kCrLf.size());
  }
  const bool http_1_0 = version == "HTTP/1.0";
  if (auto refusal = CheckHost(request, http_1_0)) return *refusal;
  if (auto refusal = ParseBodyLength(http_1_0, &request)) return *refusal;
  if (auto refusal = ParseExpectation(http_1_0, &request)) return *refusal;
  request.keep_alive = !http_1_0 && KeepsAlive(request);
  return request;
}

}  // namespace insitu

#include "agent/capture/capture_upload.h"

#include "common/model/error.h"
#include "common/wire/json/json_reader.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kBatchBytes = std::size_t{4} << 20U;
constexpr std::size_t kBatchBlocks = 1024; ///< a hole needs 40 bytes
constexpr int kBatches = 3;
constexpr int kRefusals = 5;                         ///< tries of a batch that the server refuses
constexpr std::chrono::minutes kRequestDeadline{30}; ///< for bmd to verify earlier blocks
constexpr std::uint64_t kStallBytesPerSecond = 1024;

/// The error in bmd's answer to a failed request.
[[noreturn]] void refused(const platform::HttpResponse& response, const std::string& url)
{
    const json body = json::parse(response.body, nullptr, false);
    if (body.is_object() && body.contains("code") && body["code"].is_string())
        if (const auto code = model::errorCodeFromText(body["code"].get<std::string>()))
            throw Error(*code, body.value("error_message", body.value("message", std::string("refused"))),
                        body.value("hint", std::string()));
    checkStatus(response, url);
    throw Error(ErrorCode::Internal, fmt::format("{} answered {}", url, response.status));
}

} // namespace

CaptureUpload::CaptureUpload(std::string url, TokenSource token, AgentLog& log, std::stop_token stop)
    : url_(std::move(url)), token_(std::move(token)), log_(log), stop_(std::move(stop))
{
    for (int i = 0; i < kBatches; ++i)
        room_.push(i);
}

CaptureUpload::~CaptureUpload()
{
    ready_.abort();
    room_.abort();
    sender_.request_stop();
}

std::uint64_t CaptureUpload::post(const std::string& path, const std::string& body, const std::string& method,
                                  std::string* contentId)
{
    platform::HttpRequest request{platform::Reach::fixed()}; // bmd's address, from the kernel's command line
    request.method = method;
    request.url = url_ + path;
    request.body = body;
    request.minBytesPerSecond = method == "PUT" ? kStallBytesPerSecond : 0;
    request.headers.emplace_back("Content-Type",
                                 method == "PUT" ? "application/octet-stream" : "application/json");
    if (const std::string secret = token_ ? token_(url_) : std::string(); !secret.empty())
        request.headers.emplace_back("Authorization", "Bearer " + secret);
    const platform::HttpResponse response = client_.send(request, Deadline::in(kRequestDeadline, stop_));
    if (response.status / 100 != 2)
        refused(response, request.url);
    const json answer = wire::parseObject(response.body, "the server's answer");
    if (contentId != nullptr)
        *contentId = answer.value("content_id", std::string());
    return answer.value("blocks", std::uint64_t{0});
}

/// The first block that the server lacks. Repeats the request while the server is unreachable.
std::uint64_t CaptureUpload::ask()
{
    BackOff backOff;
    while (true) {
        try {
            return post("", json{{"size_bytes", imageBytes_}}.dump(), "POST");
        } catch (const Error& error) {
            if (!isPassing(error))
                throw;
            log_.warning(fmt::format("{}: {}; trying again", url_, error.what()));
        }
        backOff.wait(stop_);
    }
}

std::uint64_t CaptureUpload::begin(std::uint64_t imageBytes)
{
    imageBytes_ = imageBytes;
    filling_ = {.first = ask()};
    sender_ = std::jthread([this] { sendAll(); });
    return filling_.first;
}

void CaptureUpload::put(const images::BlockEntry& entry, std::span<const std::byte> frame)
{
    images::appendRecord(filling_.records, entry, frame);
    filling_.ends.push_back(filling_.records.size());
    if (filling_.records.size() >= kBatchBytes || filling_.ends.size() >= kBatchBlocks)
        flush();
}

void CaptureUpload::flush()
{
    if (filling_.ends.empty())
        return;
    const std::uint64_t next = filling_.first + filling_.ends.size();
    if (!room_.pop()) {
        const std::scoped_lock lock(mutex_);
        if (failure_)
            std::rethrow_exception(failure_);
        throw Error(ErrorCode::Aborted, "stopped");
    }
    ready_.push(std::move(filling_));
    filling_ = {.first = next};
}

void CaptureUpload::sendAll()
{
    try {
        while (std::optional<Batch> batch = ready_.pop()) {
            send(*batch);
            room_.push(0);
        }
    } catch (...) {
        const std::scoped_lock lock(mutex_);
        failure_ = std::current_exception();
        room_.abort();
    }
}

void CaptureUpload::send(Batch& batch)
{
    BackOff backOff;
    const std::uint64_t end = batch.first + batch.ends.size();
    int refusals = 0;
    for (std::uint64_t from = batch.first; from < end;) {
        const std::size_t skip = from == batch.first ? 0 : batch.ends[from - batch.first - 1];
        try {
            from = post(fmt::format("/blocks?first={}", from), batch.records.substr(skip), "PUT");
            bytesSent_ += batch.records.size() - skip;
            backOff.reset();
            continue;
        } catch (const Error& error) {
            const bool refusal =
                error.code() == ErrorCode::InvalidInput || error.code() == ErrorCode::Conflict;
            if (!isPassing(error) && (!refusal || ++refusals == kRefusals))
                throw;
            log_.warning(fmt::format("sending blocks from {} on: {}; trying again", from, error.what()));
        }
        backOff.wait(stop_);
        from = ask();
        if (from < batch.first || from > end)
            throw Error(
                ErrorCode::Unavailable,
                fmt::format("the server expects block {}, this batch begins at {}", from, batch.first),
                "the capture resumes at the server's block");
    }
}

std::string CaptureUpload::finish()
{
    flush();
    ready_.close();
    sender_.join();
    {
        const std::scoped_lock lock(mutex_);
        if (failure_)
            std::rethrow_exception(failure_);
    }
    BackOff backOff;
    while (true) {
        try {
            std::string contentId;
            post("/finish", "{}", "POST", &contentId);
            if (!contentId.empty())
                return contentId;
            backOff.reset(); // the server imports a tree
        } catch (const Error& error) {
            if (!isPassing(error))
                throw;
            log_.warning(fmt::format("{}: {}; trying again", url_, error.what()));
        }
        backOff.wait(stop_);
    }
}

} // namespace bm::agent

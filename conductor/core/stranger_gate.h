#pragma once
#include "common/model/clock.h"
#include "common/platform/guarded.h"
#include "conductor/core/recent_map.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

/// The cause of a row that no authenticated user or agent ordered.
struct Cause {
    std::string kind;   ///< the text of an EventKind, or kAuditCause
    std::string peer;   ///< IP address (of any form) or MAC address of the client
    std::string node{}; ///< uuid of the node that the row is about; "": no node, as of all strangers
};

inline constexpr std::string_view kAuditCause = "audit"; ///< a request without a login

/// The rows of one kind that a gate counted and did not admit.
struct CountedRows {
    std::string kind;
    std::int64_t rows = 0;
    std::vector<std::string> peers{}; ///< the first ones, at most StrangerGate::kPeersNamed
};

/// Decides which rows of strangers are stored. A row costs two tokens: one of its peer (IPv6: of the /64) and
/// kind, and one that all peers share, for each kind and node. The rows without a token are counted. The
/// memory is bounded, whatever arrives: a new peer takes the place of the one that was silent longest, and
/// the shared tokens still limit its rows. Thread-safe.
class StrangerGate {
public:
    /// Tokens of a bucket: as many at once, and as many a minute in the long run.
    struct Rate {
        double burst;
        double perMinute;
    };
    static constexpr Rate kPeer{20, 6};        ///< of a peer, kind and node
    static constexpr Rate kNode{120, 12};      ///< of a node and kind, for all peers
    static constexpr Rate kStrangers{200, 60}; ///< of a kind without a node, for all peers
    static constexpr std::size_t kMostPeers = 8'192;
    static constexpr std::size_t kMostNodes = 65'536; ///< nodes times kinds
    static constexpr std::size_t kPeersNamed = 5;

    /// Takes a token, or counts the row. A unit of the database that runs again takes another token.
    /// @return true if the row is to be stored
    bool admits(const Cause& cause, model::UtcTime now);
    /// Counts a row that is never stored.
    void count(const Cause& cause);
    /// Without space the gate admits nothing.
    void setSpace(bool enough);
    /// The rows counted since the last call, in the order of the kinds.
    std::vector<CountedRows> takeCounts();
    std::size_t peers();

private:
    struct Bucket {
        double tokens = 0;
        model::UtcTime at{};
    };
    struct State {
        RecentMap<std::string, Bucket> peers{kMostPeers};
        RecentMap<std::string, Bucket> nodes{kMostNodes};
        std::map<std::string, Bucket, std::less<>> strangers{}; ///< by kind: kinds are bm's own
        std::map<std::string, CountedRows, std::less<>> counts{};
        bool space = true;
    };
    static bool refilled(Bucket& bucket, Rate rate, model::UtcTime now);
    static bool takeTokens(State& state, const Cause& cause, const std::string& peer, model::UtcTime now);
    static void countRow(State& state, const Cause& cause, const std::string& peer);

    platform::Guarded<State> state_{};
};

} // namespace bm::conductor

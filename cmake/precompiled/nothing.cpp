// The source of bm_test_pch, which exists for its precompiled header.

package org.codanet.nn.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ByteCountTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1, 1 byte",
        "1023, 1023 bytes",
        "1536, 1.5 KiB",
        "3145728, 3.0 MiB",
        "10736344269, 10239.0 MiB",
        "12884901888, 12.0 GiB"
    })
    void bytesAreSaidInTheUnitThatFits(long bytes, String text) {
        assertEquals(text, ByteCount.text(bytes));
    }
}

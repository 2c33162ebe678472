package org.codanet.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "1,1",
        "2k,2048",
        "800m,838860800",
        "800MiB,838860800",
        "1.5g,1610612736",
        "2 GB,2147483648",
        "1T,1099511627776"
    })
    void readsSizesWithUnits(String text, long bytes) {
        assertEquals(bytes, new ByteSize().convert(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0.2", "-1g", "2x", "g", "1e3", "99999999999999t"})
    void refusesOtherTexts(String text) {
        assertThrows(TypeConversionException.class, () -> new ByteSize().convert(text));
    }

    @Test
    void formatsMebibytesAndGibibytes() {
        assertEquals("1.5 MiB", ByteSize.text(3 << 19));
        assertEquals("16.0 GiB", ByteSize.text(16L << 30));
    }
}

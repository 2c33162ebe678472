package org.codanet.nn.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

final class ProvidersTest {
    private static List<String> kinds() {
        return Devices.providers().stream().map(DeviceProvider::kind).toList();
    }

    @Test
    void areFoundFromAThreadWithAnotherContextClassLoader() throws Exception {
        List<String> expected = kinds();
        assertTrue(expected.contains("cpu") && expected.contains("reference"), expected.toString());
        assertEquals(expected.size(), Set.copyOf(expected).size(), "each kind once: " + expected);
        for (ClassLoader loader :
                Arrays.asList(null, ClassLoader.getPlatformClassLoader(), new URLClassLoader(new URL[0], null))) {
            FutureTask<List<String>> task = new FutureTask<>(ProvidersTest::kinds);
            Thread thread = new Thread(task);
            thread.setContextClassLoader(loader);
            thread.start();
            assertEquals(expected, task.get(), () -> "with the context class loader " + loader);
        }
        assertEquals(
                expected, ForkJoinPool.commonPool().submit(ProvidersTest::kinds).get(), "in the common pool");
    }

    @Test
    void programsOnTheClassPathFindTheSameDevicesAsModulesDo() throws IOException {
        String service = DeviceProvider.class.getName();
        ModuleDescriptor module = DeviceProvider.class.getModule().getDescriptor();
        assertTrue(module != null, "this test has to run on the module path");
        List<String> byModule = module.provides().stream()
                .filter(provided -> provided.service().equals(service))
                .flatMap(provided -> provided.providers().stream())
                .toList();
        try (InputStream file = DeviceProvider.class.getResourceAsStream("/META-INF/services/" + service)) {
            List<String> byFile = new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
            assertEquals(byModule, byFile);
        }
    }
}

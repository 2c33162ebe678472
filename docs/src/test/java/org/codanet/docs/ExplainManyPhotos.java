package org.codanet.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ExplanationService;
import org.codanet.service.ServiceImage;

/** Explains photos from one virtual thread each. Arguments: a model file, and the photos. */
public final class ExplainManyPhotos {
    public static void main(String[] arguments) throws IOException {
        try (ExplanationService service = ExplanationService.builder(Path.of(arguments[0]))
                        .device("auto")
                        .build();
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            service.warmUp();
            for (int i = 1; i < arguments.length; i++) {
                Path photo = Path.of(arguments[i]);
                callers.submit(() -> {
                    ServiceImage image = ServiceImage.encoded(Files.readAllBytes(photo));
                    ExplanationResult result = service.explain(
                            image, ExplainOptions.defaults().withWhenFull(ExplainOptions.WhenFull.WAIT));
                    System.out.printf(
                            Locale.ROOT,
                            "%s: %s, %.3f = contributions %.3f + bias %.3f%n",
                            photo.getFileName(),
                            result.prediction().label(),
                            result.certificate(0).value(),
                            result.certificate(0).sum(),
                            result.certificate(0).bias());
                    return result;
                });
            }
        }
    }
}

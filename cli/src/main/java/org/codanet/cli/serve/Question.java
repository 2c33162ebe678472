package org.codanet.cli.serve;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.codanet.data.image.ImageSize;
import org.codanet.explain.ClassNames;
import org.codanet.explain.Target;
import org.codanet.service.ExplainOptions;
import org.codanet.service.ExplanationResult;
import org.codanet.service.ExplanationService;
import org.codanet.service.ModelInfo;
import org.codanet.service.Outcome;
import org.codanet.service.ServiceException;
import org.codanet.service.ServiceImage;

/** The parameters of a request that say what to explain, by the names that both endpoints use. */
final class Question {
    static final String TARGET = "target";
    static final String AGAINST = "against";
    static final String MAP_SIZE = "map_size";
    static final String TIMEOUT = "timeout_ms";

    private final ModelInfo model;
    private final Map<String, String> parameters;
    private final Duration longest;

    /** @param longest the time limit of the server, which is also the default */
    Question(ModelInfo model, Map<String, String> parameters, Duration longest) {
        this.model = model;
        this.parameters = parameters;
        this.longest = longest;
    }

    /** @throws HttpFailure if a parameter does not fit the model */
    ExplainOptions options(boolean channels) {
        try {
            ExplainOptions options = ExplainOptions.of(target())
                    .withModel(model.name())
                    .withChannels(channels)
                    .withDeadline(deadline());
            Optional<ImageSize> size =
                    Optional.ofNullable(parameters.get(MAP_SIZE)).map(ImageSize::parse);
            return size.isPresent()
                    ? options.withMapSize(size.get().height(), size.get().width())
                    : options;
        } catch (IllegalArgumentException e) {
            throw new HttpFailure(400, e.getMessage());
        }
    }

    private Target target() {
        ClassNames names = new ClassNames(model.config());
        String target = parameters.get(TARGET);
        if (parameters.containsKey(AGAINST)) {
            if (target == null) {
                throw new HttpFailure(400, "against needs exactly one class in target");
            }
            return Target.against(names.index(target), names.index(parameters.get(AGAINST)));
        }
        return target == null ? Target.predicted() : names.target(target.strip());
    }

    private Duration deadline() {
        String text = parameters.get(TIMEOUT);
        if (text == null) {
            return longest;
        }
        try {
            long millis = Long.parseLong(text);
            if (millis > 0) {
                return millis < longest.toMillis() ? Duration.ofMillis(millis) : longest;
            }
        } catch (NumberFormatException e) {
            // Refused below, like a number that is not positive.
        }
        throw new HttpFailure(400, TIMEOUT + " is not a positive number of milliseconds: " + text);
    }

    /** Explains images; if one of them is refused, the others are cancelled. @throws HttpFailure for the first one that is refused */
    static List<ExplanationResult> ask(ExplanationService service, List<ServiceImage> images, ExplainOptions options) {
        List<CompletableFuture<ExplanationResult>> calls = new ArrayList<>();
        List<ExplanationResult> results = new ArrayList<>();
        try {
            images.forEach(image -> calls.add(service.submit(image, options)));
            for (CompletableFuture<ExplanationResult> call : calls) {
                results.add(call.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw HttpFailure.of(
                    e.getCause() instanceof ServiceException refusal
                            ? refusal
                            : new ServiceException(Outcome.FAILED, "the call failed", e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HttpFailure(503, "the server stops");
        } finally {
            calls.forEach(call -> call.cancel(true));
        }
    }
}

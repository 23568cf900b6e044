import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import software.amazon.event.ruler.RuleCompiler;
import software.amazon.event.ruler.Ruler;

/** Reads [{pattern, event}, ...]; writes for each whether it matches, or what is wrong with the pattern. */
public class Match {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    List<Object> answers = new ArrayList<>();
    for (JsonNode each : json.readTree(System.in)) {
      String pattern = json.writeValueAsString(each.get("pattern"));
      String wrong = RuleCompiler.check(pattern);
      answers.add(wrong != null ? wrong : Ruler.matchesRule(json.writeValueAsString(each.get("event")), pattern));
    }
    json.writeValue(System.out, answers);
  }
}

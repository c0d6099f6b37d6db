"""What stands after any sequence of edited workbooks is what the last one says; `make soak` tries more of them."""

from hypothesis import HealthCheck, Phase, given, settings

from tests.factories import an_operation
from tests.returns import resends


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=resends.files)
def test_after_any_sequence_of_edited_files_the_rows_of_the_last_one_stand(app, sequence):
    resends.send(an_operation(), sequence)

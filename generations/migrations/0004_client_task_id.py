from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_key_pairs'),
        ('generations', '0003_routing_and_details'),
    ]

    operations = [
        migrations.AddField(
            model_name='generation',
            name='client_task_id',
            field=models.CharField(blank=True, help_text='Given as external_task_id at /kling/v1.', max_length=200, null=True),
        ),
        migrations.AddField(
            model_name='generation',
            name='callback_url',
            field=models.CharField(blank=True, help_text="Gets Kling's own callbacks at each change.", max_length=2000),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(fields=('workspace', 'client_task_id'), name='generation_client_task_id'),
        ),
    ]
